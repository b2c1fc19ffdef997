from . import crab_card_sales_report
from . import crab_card_order_note
