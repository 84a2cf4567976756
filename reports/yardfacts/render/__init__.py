"""Facts for people: aligned tables, the terminal's last lines, and one page of HTML. Nothing here decides anything."""
