from . import crab_api_auth_service
from . import crab_api_wechat_service
from . import fastapi_endpoint
