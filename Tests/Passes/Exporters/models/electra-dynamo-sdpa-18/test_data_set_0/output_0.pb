BlogitsJJXß¿ÐûÉ>ÀÈ
À&ÔÛ¿+É>jBÀ