# what: --change
@ D create --name c1 -e A=1 -w /w --label l=2 --entrypoint /bin/echo busybox hello world
D commit -c 'CMD ["x"]' -c 'ENV B=2 A=3' -c 'USER 7' -c 'WORKDIR in' -c 'LABEL m=3' -c 'EXPOSE 82/udp' -c 'VOLUME /v' -c 'STOPSIGNAL 9' -c 'ONBUILD RUN x' -c 'HEALTHCHECK CMD x' c1 x:1 | wc -l
D image inspect -f '{{json .Config}}' x:1
D commit -c 'CMD foo bar' c1 x:2 | wc -l; D image inspect -f '{{json .Config}}' x:2
D commit -c 'ENTRYPOINT ["e"]' c1 x:3 | wc -l; D image inspect -f '{{json .Config}}' x:3
D commit -c 'ENTRYPOINT []' c1 x:4 | wc -l; D image inspect -f '{{json .Config}}' x:4
D commit --change "$(printf 'ENV P=1\nENV Q=$P')" c1 x:5 | wc -l; D image inspect -f '{{json .Config.Env}}' x:5
