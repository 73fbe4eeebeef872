OBJS_dbt += dbt/exec.o dbt/translate.o dbt/init.o
