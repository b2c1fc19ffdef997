"""SMS providers for development and tests: ``python tests/sandboxes/sms --keys DIR [--port N] [--state FILE]``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from providers import Sms  # noqa: E402
from sandbox import main  # noqa: E402

main(Sms, "sms", 8490)
