module example.org/candm

go 1.19
