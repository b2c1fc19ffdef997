-- no copy of a database sends SMS, or takes reports that are meant for the original
UPDATE crab_sms_account
   SET active = false, key_secret = NULL, endpoint = 'http://127.0.0.1:9', report_token = gen_random_uuid()::text;
UPDATE sms_sms SET state = 'canceled', crab_params = NULL WHERE state = 'outgoing' AND crab_template_id IS NOT NULL;
