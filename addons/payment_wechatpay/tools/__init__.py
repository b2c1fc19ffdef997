from . import bill, client
