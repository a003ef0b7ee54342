Bfetch_name_0J$ëA‰?8>ä—á>
OÕ>xc¾P¼?üÌP? oç»	£Œ?