// VitePress' own theme in; the same with the colours of style.css out.

import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
