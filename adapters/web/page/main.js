import { Entrance } from "./entrance.js";
import { speakAsChosen } from "./views/language.js";

const root = document.createElement("div");
root.id = "app";
document.body.append(root);
speakAsChosen();
new Entrance(root).open();
