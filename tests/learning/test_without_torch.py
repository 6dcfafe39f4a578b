"""What somebody without the extra gets to read; and that `hello`, the tutorial's course, does not need it."""

import subprocess
import sys

import pytest


def python(code: str, *missing: str) -> subprocess.CompletedProcess[str]:
    """Run code where these modules cannot be imported."""
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in missing)
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{blocked}{code}"], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("missing", ["torch", "numpy"])
@pytest.mark.parametrize("module", ["fedavg", "fedprox", "fedbuff", "gradient_exchange"])
def test_a_behaviour_says_what_to_install(module, missing):
    ended = python(f"import protoflow.learning.{module}", missing)
    assert ended.stderr.splitlines()[-1] == (
        "protoflow.errors.UsageError: learning needs torch, numpy and scikit-learn, which are not installed: "
        f"pip install 'protoflow-fl[torch]' (no module `{missing}`)"
    )


def test_the_command_says_it_too():
    ended = python("from protoflow.cli import main\nsys.exit(main(['run', 'fedavg', '--clients', '2']))", "torch")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0].startswith("error[PF301]: the class of `server` and `client` cannot be used: ")
    assert (
        "help: learning needs torch, numpy and scikit-learn, which are not installed: "
        "pip install 'protoflow-fl[torch]' (no module `torch`)"
    ) in ended.stderr.splitlines()


def test_the_digits_say_what_to_install():
    ended = python("from protoflow.learning.sources import load\nload('digits')", "sklearn")
    assert "pip install 'protoflow-fl[torch]' (no module `sklearn`)" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("missing", ["cryptography", "Crypto", "numpy"])
def test_secure_aggregation_says_what_to_install(missing):
    ended = python("import protoflow.learning.secure.contributor", missing)
    assert ended.stderr.splitlines()[-1].startswith(
        "protoflow.errors.UsageError: secure aggregation needs cryptography, pycryptodome and numpy, which are not "
        f"installed: pip install 'protoflow-fl[secure]' (no module `{missing}"
    )


@pytest.mark.parametrize("missing", ["tno", "gmpy2", "cryptography"])
def test_encrypted_sums_say_what_to_install(missing):
    ended = python("import protoflow.learning.paillier", missing)
    assert ended.stderr.splitlines()[-1].startswith(
        "protoflow.errors.UsageError: encrypted sums need tno.mpc.encryption_schemes.paillier, gmpy2 and cryptography, "
        f"which are not installed: pip install 'protoflow-fl[paillier]' (no module `{missing}"
    )


def test_hello_needs_none_of_it():
    code = "from protoflow.cli import main\nsys.exit(main(['run', 'hello', '--clients', '2']))"
    ended = python(code, "torch", "numpy")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(
        "client1 says: Hello server, client1 is here.\nclient2 says: Hello server, client2 is here.\n"
    )


def test_privacy_says_what_to_install():
    settings = ["--set", "rounds=1", "--set", "clip_norm=1", "--set", "noise_multiplier=1"]
    ended = python(f"from protoflow.cli import main\nsys.exit(main(['run', 'fedavg', *{settings}]))", "opacus")
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(
        "error: differential privacy needs opacus, which is not installed: pip install 'protoflow-fl[privacy]' "
        "(no module `opacus"
    )
