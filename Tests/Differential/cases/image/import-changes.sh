# what: --change is a piece of a Dockerfile
@ mkdir r; echo hi > r/f; tar -C r -cf r.tar .
D import -c "$(printf 'ENV A=1\nENV B=2')" r.tar x:1 | wc -l; D image inspect -f '{{json .Config.Env}}' x:1
D import -c "$(printf 'ENV A="1 \\\n2"')" r.tar x:1 | wc -l; D image inspect -f '{{json .Config.Env}}' x:1
D import -c 'ENV A=1' -c 'ENV B=x$A C=${A}y D=${N:-d} E=${A:+e} F=\$A' r.tar x:1 | wc -l; D image inspect -f '{{json .Config.Env}}' x:1
D import -c "$(printf '# a comment\nENV A=1')" r.tar x:1 | wc -l; D image inspect -f '{{json .Config.Env}}' x:1
D import -c 'ENV A=/srv' -c 'WORKDIR $A/d' -c 'USER $A' -c 'EXPOSE 80 81/udp' -c 'VOLUME /a /b' r.tar x:1 | wc -l; D image inspect -f '{{json .Config}}' x:1
D import -c 'CMD echo $A' -c 'ENTRYPOINT ["a","b"]' -c 'LABEL a=b "c d"=e' -c 'STOPSIGNAL INT' r.tar x:1 | wc -l; D image inspect -f '{{json .Config}}' x:1
D import -c 'ENV old style $A' -c "LABEL q='single \$A'" r.tar x:1 | wc -l; D image inspect -f '{{json .Config}}' x:1
D import -c 'RUN true' r.tar x:2
D import -c 'NOSUCH x' r.tar x:2
