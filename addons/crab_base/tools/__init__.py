from . import chain, locks, money, retry_policy, subject, timezone, transaction
