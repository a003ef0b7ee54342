BlogitsJKXß¿ÓûÉ>ÁÈ
À&ÔÛ¿#É>iBÀ