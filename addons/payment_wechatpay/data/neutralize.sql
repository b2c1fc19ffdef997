-- no copy of a database reaches the merchant's account
UPDATE payment_provider
   SET state = 'disabled',
       wechatpay_base_url = 'http://127.0.0.1:9',
       wechatpay_mchid = NULL,
       wechatpay_serial_no = NULL,
       wechatpay_private_key = NULL,
       wechatpay_api_key = NULL,
       wechatpay_public_key_id = NULL,
       wechatpay_public_key = NULL,
       wechatpay_certificates = NULL
 WHERE code = 'wechatpay';
