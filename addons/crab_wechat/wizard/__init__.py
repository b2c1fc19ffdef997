from . import crab_member_invitation
