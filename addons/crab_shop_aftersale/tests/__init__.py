from . import test_ask
from . import test_back_office
from . import test_cards
from . import test_decide
from . import test_member
from . import test_notice
from . import test_return
