from . import keyring, loose_many2one, normalise, numbers, refusals
