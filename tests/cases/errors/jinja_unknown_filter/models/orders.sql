select '{{ 'a' | uper }}' as letter
