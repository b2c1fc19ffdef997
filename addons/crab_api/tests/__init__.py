from . import test_auth
from . import test_errors
from . import test_files
