from . import test_agreement
from . import test_banner
from . import test_feedback
from . import test_media
