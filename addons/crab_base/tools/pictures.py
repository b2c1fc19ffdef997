"""Pictures that people outside send: judged by their content, written anew before they are kept."""

import contextlib
import io
import threading

from PIL import Image, ImageFile, ImageOps, WebPImagePlugin

from odoo.exceptions import UserError

# Odoo keeps Pillow from finding formats by itself, and does not load this one
FORMATS = ("JPEG", "PNG", WebPImagePlugin.WebPImageFile.format, "GIF")
MAX_BYTES = 5_000_000
MAX_PIXELS = 40_000_000
MAX_SIDE = 2048
_whole = threading.Lock()


@contextlib.contextmanager
def _whole_files_only():
    """Odoo has Pillow read half a file as if the rest of it were grey, for its reports; here it is damaged."""
    with _whole:
        kept, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = kept


def clean(env, content):
    """A picture without anything but its pixels: no metadata (place, camera), no other file hidden in it.

    It is turned as its camera held it, made smaller than 2,048 pixels on each side, of an animation the first picture
    stays. Transparent ones become PNG, all others JPEG.

    :param content: the file as bytes
    :return: ``(bytes, mimetype)``
    :raise UserError: when it is no JPEG, PNG, WebP or GIF, damaged, of more than 5 MB or 40 million pixels
    """
    if len(content) > MAX_BYTES:
        raise UserError(env._("The picture is larger than %(size)s MB.", size=MAX_BYTES // 1_000_000))
    too_many = env._("The picture has more than %(count)s million pixels.", count=MAX_PIXELS // 1_000_000)
    try:
        with _whole_files_only():
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise UserError(too_many)
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG is decoded at half or a quarter of its size
            picture.load()
        picture = ImageOps.exif_transpose(picture)
        is_transparent = picture.has_transparency_data
        picture = picture.convert("RGBA" if is_transparent else "RGB")
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
    except UserError:
        raise
    except Image.DecompressionBombError as error:
        raise UserError(too_many) from error
    except Exception as error:  # decoders of damaged files raise about anything
        raise UserError(env._("This file is no picture that can be read (JPEG, PNG, WebP or GIF).")) from error
    output = io.BytesIO()
    clean_copy = Image.new(picture.mode, picture.size)
    clean_copy.paste(picture)
    if is_transparent:
        clean_copy.save(output, "PNG", optimize=True)
        return output.getvalue(), "image/png"
    clean_copy.save(output, "JPEG", quality=85, optimize=True)
    return output.getvalue(), "image/jpeg"
