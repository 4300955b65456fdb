// Loaded before Portkey's gateway, which listens on every address and has no option for it: here it listens on loopback only.
import net from 'node:net';

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
    const callbacks = rest.filter((one) => typeof one === 'function');
    return listen.call(this, port, '127.0.0.1', ...callbacks);
};
