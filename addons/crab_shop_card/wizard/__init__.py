from . import crab_ecard_refuse
