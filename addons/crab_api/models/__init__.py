from . import crab_account
from . import crab_api_auth_service
from . import crab_login_attempt
from . import crab_session
from . import crab_upload
from . import fastapi_endpoint
from . import ir_http
