// The renderer in a thread of its own.
import { Renderer } from "./renderer.mjs";

const renderer = new Renderer((message) => postMessage(message));
onmessage = ({ data }) => renderer.receive(data);
