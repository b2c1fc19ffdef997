from . import number_text
