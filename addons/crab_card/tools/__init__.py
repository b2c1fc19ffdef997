from . import keyring, normalise
