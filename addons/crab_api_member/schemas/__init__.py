from . import catalog
from . import site
from . import member
from . import order
from . import card
from . import aftersale
