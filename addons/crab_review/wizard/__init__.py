from . import crab_review_hide
from . import crab_review_reply
