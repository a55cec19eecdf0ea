select * from q unpivot (cnt for color in (red, green as g));
