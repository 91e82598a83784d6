module example.org/management

go 1.19
