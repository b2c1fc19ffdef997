from . import aftersales
from . import cards
from . import cart
from . import catalog
from . import member
from . import messages
from . import orders
from . import redemptions
from . import reviews
from . import site

ROUTERS = [
    catalog.router,
    site.router,
    member.router,
    messages.router,
    cart.router,
    orders.router,
    reviews.router,
    aftersales.router,
    cards.router,
    redemptions.router,
]
