from .wechat import CustomerServiceOut, LinkIn, LinkOut, LoginWechatIn, SubscribeOut, SubscribesOut
