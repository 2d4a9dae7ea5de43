# what: subnets, ranges, gateways and addresses that belong to none
# accept 11 err: a message is one line
# accept 12 err: a message is one line
# accept 13 err: a message is one line
# accept 14 err: a message is one line
D network create --gateway 10.79.0.1 n
D network create --subnet 10.79.0.0/16 --gateway 10.80.0.1 n
D network create --subnet 10.79.0.0/16 --gateway foo n
D network create --subnet 10.79.0.0/16 --ip-range 10.80.0.0/24 n
D network create --subnet 10.79.0.0/16 --ip-range foo n
D network create --subnet 10.79.0.0/16 --aux-address a=10.80.0.5 n
D network create --subnet 10.79.0.0/16 --subnet 10.79.0.0/24 n
D network create --subnet 10.79.0.0/16 --subnet fd00:1::/64 --gateway 10.79.1.0 --gateway 10.79.2.0 n
D network create --subnet 10.79.0.0/16 --subnet fd00:1::/64 --ip-range 10.79.1.0/24 --ip-range 10.79.2.0/24 n
D network create --subnet foo --gateway 10.0.0.1 n
D network create --subnet foo n
D network create --subnet 10.78.0.1/16 n
D network create --subnet 10.79.0.0/16 --ip-range 10.79.1.1/24 n
D network create --subnet 10.79.0.0/16 --gateway 10.79.0.1/16 n
D network create --subnet 10.79.0.0/16 --gateway 10.79.0.0 n
D network create --subnet 10.79.0.0/16 --gateway 10.79.0.1 --aux-address a=10.79.0.1 n
D network ls -q --filter type=custom | wc -l
