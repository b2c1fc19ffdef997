from . import auth
from . import docs
from . import files
