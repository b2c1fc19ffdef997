from . import auth
from . import files
