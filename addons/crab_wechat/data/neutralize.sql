-- no copy of a database calls WeChat, or takes messages that are meant for the original
UPDATE crab_wechat_app
   SET active = false, app_secret = NULL, message_token = NULL, aes_key = NULL, base_url = 'http://127.0.0.1:9';
UPDATE crab_wechat_token SET access_token = NULL, expires_at = NULL;
UPDATE crab_wechat_message SET state = 'error', code = 'unready' WHERE state IN ('outgoing', 'process');
UPDATE crab_wechat_shipping SET state = 'error', code = 'unready' WHERE state = 'waiting';
