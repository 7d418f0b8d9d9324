-- That the app refused the code that was given before this question: what it showed, without secrets; null at the first.
ALTER TABLE questions ADD COLUMN refused TEXT;
