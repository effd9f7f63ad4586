"""The nouns and messages of the product. Standard library only; imports nothing else of ours."""
