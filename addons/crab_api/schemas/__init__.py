from .base import Amount, Day, ErrorOut, In, Out, Page, When
from .auth import (
    CodeIn,
    LoginPasswordIn,
    LoginSmsIn,
    PasswordIn,
    PhoneIn,
    RefreshIn,
    RoleOut,
    RolesOut,
    SwitchIn,
    TokensOut,
    UploadOut,
)
