"""What designers work with: the findings in their files, their tests, the shell, the picture, the schemas."""
