
BlogitsJ>1u9¨9½Í2¡¸