"""What a notebook shows of an error."""

from modelyard.errors import ConfigurationError

import pytest
from IPython.core.interactiveshell import InteractiveShell


def test_an_error_is_shown_without_a_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell.instance()
    shell.user_ns["ConfigurationError"] = ConfigurationError

    shell.run_cell("raise ConfigurationError('no cluster to talk to', mend='get a kubeconfig')")

    shown = capsys.readouterr()
    assert "error: no cluster to talk to\n  mend: get a kubeconfig" in shown.out
    assert "Traceback" not in shown.out + shown.err
