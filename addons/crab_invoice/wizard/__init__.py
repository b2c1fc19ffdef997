from . import crab_fapiao_ask
from . import crab_fapiao_ask_line
