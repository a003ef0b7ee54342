
BlogitsJG1v9©9½Ú2Ÿ¸