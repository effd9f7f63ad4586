"""`ivr rasa install | train | serve`: a Rasa server of one's own, beside the product and never inside it.

Owns the Python 3.10 environment Rasa needs, the project made from an assistant's training files, and the server's
command line (loopback, token). Refuses to import Rasa: its dependencies and ours exclude each other.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ivr.log import get_log
from ivr.model.errors import IvrError

PYTHON = "3.10"
REQUIREMENTS = Path("requirements/rasa.txt")
HOST = "127.0.0.1"
FALLBACK_THRESHOLD = 0.3
AMBIGUITY = 0.02
# The same words as the embedded engine sees: whole words and their letters, for what a recogniser misspells.
PIPELINE = f"""\
version: "3.1"
recipe: default.v1
assistant_id: {{assistant}}
language: {{language}}
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: LogisticRegressionClassifier
- name: FallbackClassifier
  threshold: {FALLBACK_THRESHOLD}
  ambiguity_threshold: {AMBIGUITY}
"""

TOKEN_VARIABLE, LEAST_TOKEN = "IVR_RASA_TOKEN", 16
# Rasa takes its token as an argument only, where every user of the machine can read it; so it is added inside.
LAUNCH = f"""\
import os, sys
from rasa.__main__ import main
sys.argv = ["rasa", *sys.argv[1:], "--auth-token", os.environ["{TOKEN_VARIABLE}"]]
main()
"""

_log = get_log("supervisor.rasa")


class RasaError(IvrError):
    """Rasa could not be installed, trained or started. The message says what to do."""


def install(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Make folder/venv with Rasa, every package pinned by hash. Returns the `rasa` program; quick when it is there.

    Takes about two minutes and 2.5 GB the first time. Raises RasaError.
    """
    program = folder / "venv/bin/rasa"
    stamp = folder / "venv/installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if program.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return program
    shutil.rmtree(folder / "venv", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    python = find_python()
    _run([python, "-m", "venv", str(folder / "venv")], "make an environment")
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(requirements)], "install Rasa")
    stamp.write_text(wanted)
    return program


def find_python() -> str:
    """A Python 3.10: $IVR_RASA_PYTHON, one on the PATH, or one of pyenv's. Raises RasaError."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [
        os.environ.get("IVR_RASA_PYTHON", ""),
        *(str(path) for path in sorted(home.glob(f"versions/{PYTHON}.*/bin/python"))),
        shutil.which(f"python{PYTHON}") or "",
    ]
    for candidate in filter(None, candidates):
        # A pyenv shim is found on the PATH but does not run unless its version is selected.
        told = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
        if told.returncode == 0 and told.stdout.startswith(f"Python {PYTHON}."):
            return candidate
    raise RasaError(f"Rasa needs Python {PYTHON}: install it, or name it in the environment variable IVR_RASA_PYTHON")


def train(folder: Path, assistant: str, training_files: Mapping[str, Path]) -> dict[str, Path]:
    """Train one model per language (Rasa knows one language a model). Returns language -> model. Raises RasaError."""
    program = installed(folder)
    models = {}
    for language, nlu in training_files.items():
        project = folder / "projects" / language
        project.mkdir(parents=True, exist_ok=True)
        config = project / "config.yml"
        config.write_text(PIPELINE.format(assistant=assistant, language=language), encoding="utf-8")
        name = f"{assistant}-{language}"
        command = [str(program), "train", "nlu", "--nlu", str(nlu.resolve()), "--config", str(config.resolve())]
        command += ["--out", str(project.resolve()), "--fixed-model-name", name]
        _run(command, f"train {language}", folder=project)
        models[language] = project / f"{name}.tar.gz"
        _log.info("rasa.trained", language=language, model=str(models[language]))
    return models


def serve_command(folder: Path, model: Path, *, port: int) -> list[str]:
    """The command line of a server for one model, to be run with environment(token): loopback only, and with a token,
    because its API can load models (CVE-2024-49375: a server that lets strangers load models runs their code).
    """
    python = str(installed(folder).with_name("python"))
    options = ["--port", str(port), "--model", str(model.resolve())]
    return [python, "-c", LAUNCH, "run", "--enable-api", "--interface", HOST, *options]


def environment(token: str = "") -> dict[str, str]:
    """What a Rasa process is started with: no telemetry, one thread, no talk about deprecations, the server's token.

    Raises RasaError when a token is given that is too short to be one.
    """
    if 0 < len(token) < LEAST_TOKEN:
        raise RasaError(f"a Rasa server needs a token of at least {LEAST_TOKEN} characters: set {TOKEN_VARIABLE}")
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    secret = {TOKEN_VARIABLE: token} if token else {}
    return {**os.environ, **quiet, **secret, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


def installed(folder: Path) -> Path:
    """The `rasa` program of folder. Raises RasaError when it is not installed."""
    program = folder / "venv/bin/rasa"
    if not program.is_file():
        raise RasaError(f"there is no Rasa in {folder}: run `ivr rasa install` first")
    return program.absolute()


def _run(command: Sequence[str], what: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment())
    if done.returncode:
        raise RasaError(f"could not {what}: {(done.stderr or done.stdout).strip()[-1500:]}")
