"""The model catalogue: verified files or a clear error."""

import hashlib
from pathlib import Path

import pytest

from ivr.model.errors import SpeechError
from ivr.speech.catalogue import Catalogue

BODY = b"weights"
ENTRY = """
[[model]]
id = "toy"
kind = "asr"
engine = "toy"
languages = ["en"]
licence = "MIT"
package = "no-such-package==1"
module = "no_such_package"
folder = "data"
files = [{{ name = "a.bin", bytes = {size}, sha256 = "{sha256}" }}]
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.toml").write_text(ENTRY.format(size=len(BODY), sha256=hashlib.sha256(BODY).hexdigest()))
    return tmp_path


def install(models: Path, body: bytes) -> Path:
    path = models / "installed" / "toy" / "a.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def test_an_installed_model_is_verified_and_found(models: Path) -> None:
    path = install(models, BODY)
    catalogue = Catalogue(models)
    assert catalogue.resolve(catalogue.find("asr", "toy", "en")) == path.parent


def test_changed_bytes_are_refused_also_after_a_good_look(models: Path) -> None:
    install(models, BODY)
    catalogue = Catalogue(models)
    catalogue.resolve(catalogue.models[0])
    install(models, b"Weights")
    with pytest.raises(SpeechError, match="not the file of the catalogue"):
        Catalogue(models).resolve(catalogue.models[0])


def test_a_missing_model_says_what_to_install(models: Path) -> None:
    catalogue = Catalogue(models)
    with pytest.raises(SpeechError, match="pip install no-such-package==1"):
        catalogue.resolve(catalogue.models[0])


def test_a_missing_language_says_so(models: Path) -> None:
    with pytest.raises(SpeechError, match="'ru'"):
        Catalogue(models).find("asr", "toy", "ru")


def test_no_catalogue_and_a_broken_one_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="models_dir"):
        Catalogue(tmp_path)
    (tmp_path / "catalogue.toml").write_text("model = 5")
    with pytest.raises(SpeechError, match="restore it"):
        Catalogue(tmp_path)


def test_the_catalogue_of_the_product_fits_the_installed_packages(repo_root: Path) -> None:
    catalogue = Catalogue(repo_root / "voice_models")
    for model in catalogue.models:
        assert model.licence and model.sources and model.ram_mb
        if catalogue.here(model):
            folder = catalogue.resolve(model)
            assert all((folder / file.name).stat().st_size == file.size for file in model.files)
    here = {model.model_id for model in catalogue.models if catalogue.here(model)}
    assert {"whisper-tiny-en", "whisper-base", "silero-vad-v6", "piper-en-us-joe-medium", "vosk-ko"} <= here
