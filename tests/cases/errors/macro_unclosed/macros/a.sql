{% macro one() %}1
