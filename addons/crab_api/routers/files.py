from typing import Annotated

from fastapi import File, UploadFile, status

from ..asgi import APIRouter
from ..dependencies import AnySubject, ApiEnv
from ..schemas import UploadOut

router = APIRouter(tags=["files"])


@router.post("/files", status_code=status.HTTP_201_CREATED)
def upload(file: Annotated[UploadFile, File()], subject: AnySubject, env: ApiEnv) -> UploadOut:
    """Send a picture (JPEG, PNG, WebP or GIF, at most 5 MB) to be used in another request within two days."""
    kept_sudo = env["crab.upload"]._keep(subject, file.file.read())
    return UploadOut(id=kept_sudo.public_id, url=kept_sudo._url())
