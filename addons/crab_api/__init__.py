from . import dispatcher
from . import controllers
from . import models
